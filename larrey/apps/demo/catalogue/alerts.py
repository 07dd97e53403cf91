"""Allergies and alerts."""

from __future__ import annotations

from typing import NamedTuple


class Allergy(NamedTuple):
    """``atc``: of the substance or its class, empty outside of drugs; ``said``: in a sentence."""

    label: str
    said: str
    atc: str
    category: str
    criticality: str
    reaction: str
    severity: str


ALLERGIES = {
    "penicilline": Allergy("Pénicillines", "pénicilline", "J01C", "medication", "high", "Urticaire généralisée", "moderate"),
    "ains": Allergy("Anti-inflammatoires non stéroïdiens", "anti-inflammatoires", "M01A", "medication", "high",
                    "Œdème de la face", "severe"),
    "iode": Allergy("Produits de contraste iodés", "produits de contraste iodés", "V08A", "medication", "high",
                    "Choc anaphylactique", "severe"),
    "sulfamides": Allergy("Sulfamides antibactériens", "sulfamides", "J01E", "medication", "high", "Éruption cutanée", "moderate"),
    "aspirine": Allergy("Acide acétylsalicylique", "aspirine", "B01AC06", "medication", "low", "Bronchospasme", "moderate"),
    "codeine": Allergy("Codéine", "codéine", "R05DA04", "medication", "low", "Vomissements", "mild"),
    "arachide": Allergy("Arachide", "arachide", "", "food", "high", "Œdème de Quincke", "severe"),
    "oeuf": Allergy("Œuf", "œuf", "", "food", "low", "Urticaire", "mild"),
    "pollens": Allergy("Pollens de graminées", "pollens de graminées", "", "environment", "low", "Rhinite", "mild"),
    "acariens": Allergy("Acariens", "acariens", "", "environment", "low", "Rhinite", "mild"),
    "latex": Allergy("Latex", "latex", "", "environment", "high", "Urticaire de contact", "moderate"),
    "venin": Allergy("Venin de guêpe", "venin de guêpe", "", "biologic", "high", "Choc anaphylactique", "severe"),
}  # fmt: skip


class Alert(NamedTuple):
    """``category``: a code of HL7's flag-category, with its French label."""

    label: str
    category: str
    category_label: str


ALERTS = {
    "chute": Alert("Risque de chute", "safety", "Sécurité"),
    "escarre": Alert("Risque d'escarre élevé", "clinical", "Clinique"),
    "fausse_route": Alert("Risque de fausse route", "diet", "Alimentation"),
    "denutrition": Alert("Dénutrition", "diet", "Alimentation"),
    "anticoagulant": Alert("Traitement anticoagulant", "drug", "Médicaments"),
    "sarm": Alert("Porteur de Staphylococcus aureus résistant à la méticilline (SARM)", "contact", "Risque infectieux"),
    "blse": Alert("Porteur d'entérobactérie productrice de BLSE", "contact", "Risque infectieux"),
    "bhre": Alert("Contact d'un porteur de bactérie hautement résistante émergente", "contact", "Risque infectieux"),
    "isolement_contact": Alert("Précautions complémentaires contact", "contact", "Risque infectieux"),
    "isolement_gouttelettes": Alert("Précautions complémentaires gouttelettes", "contact", "Risque infectieux"),
    "isolement_protecteur": Alert("Isolement protecteur (neutropénie)", "clinical", "Clinique"),
    "fugue": Alert("Risque de sortie à l'insu du service", "behavioral", "Comportement"),
    "suicidaire": Alert("Risque suicidaire", "behavioral", "Comportement"),
    "pacemaker": Alert("Porteur d'un stimulateur cardiaque", "clinical", "Clinique"),
    "fistule": Alert("Fistule artérioveineuse : ni ponction ni tension à ce bras", "clinical", "Clinique"),
    "intubation_difficile": Alert("Intubation difficile", "safety", "Sécurité"),
    "refus_transfusion": Alert("Refus de transfusion", "advance-directive", "Directives"),
    "directives": Alert("Directives anticipées enregistrées", "advance-directive", "Directives"),
    "surdite": Alert("Surdité sévère", "clinical", "Clinique"),
    "langue": Alert("Interprète nécessaire", "admin", "Administratif"),
}
