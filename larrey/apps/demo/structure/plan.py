"""What the group has: hospitals, poles, services and functional units (UF), as a table to read and to change.

A line of a service: four-digit UF, kind of care, beds or places, label. Pathways ask for a *kind* (``orthopedie``) and get
a unit of it, at the patient's own hospital when that has one. Kinds of units with beds are wards; the letter after
the number of beds says how they stand: ``d`` (or nothing) two to a room as far as possible, ``s`` single rooms, ``b``
boxes or posts in one room.
"""

from __future__ import annotations

from typing import NamedTuple


class ServicePlan(NamedTuple):
    """``specialty``: of its doctors, a key of ``staff.SPECIALTIES``; ``units``: lines as the module says."""

    name: str
    specialty: str
    units: tuple[str, ...]


class PolePlan(NamedTuple):
    """A pole and its services."""

    name: str
    services: tuple[ServicePlan, ...]


class HospitalPlan(NamedTuple):
    """``key`` names it in code; ``home`` is the INSEE code of its town."""

    key: str
    name: str
    short: str
    home: str
    poles: tuple[PolePlan, ...]


S, P = ServicePlan, PolePlan

LEGAL_ENTITY = "Groupe hospitalier Dominique-Larrey (démonstration)"

HOSPITALS = (
    HospitalPlan("chu", "Centre hospitalier universitaire Dominique-Larrey (démonstration)", "CHU Larrey", "65440", (
        P("Pôle Urgences, réanimation et anesthésie", (
            S("Urgences adultes", "urgences", ("1110 urgences 24b Accueil des urgences",
              "1111 uhcd 14s Unité d'hospitalisation de courte durée")),
            S("Réanimation", "reanimation", ("1120 reanimation 24s Réanimation polyvalente",
              "1121 usc 12s Unité de surveillance continue")),
            S("Anesthésie et bloc opératoire", "anesthesie", ("1130 bloc 10b Bloc opératoire central",
              "1131 sspi 14b Salle de surveillance post-interventionnelle", "1132 cons_anesthesie 0 Consultations d'anesthésie")),
        )),
        P("Pôle Cœur, poumons et vaisseaux", (
            S("Cardiologie", "cardiologie", ("1210 cardiologie 36 Hospitalisation de cardiologie",
              "1211 usic 12s Unité de soins intensifs cardiologiques", "1212 cons_cardio 0 Consultations de cardiologie",
              "1213 cath 3b Cardiologie interventionnelle et rythmologie")),
            S("Pneumologie", "pneumologie", ("1220 pneumologie 32 Hospitalisation de pneumologie",
              "1221 cons_pneumo 0 Consultations et explorations respiratoires")),
            S("Chirurgie vasculaire et thoracique", "vasculaire", ("1230 chir_vasculaire 24 Hospitalisation de chirurgie vasculaire",
              "1231 cons_vasculaire 0 Consultations de chirurgie vasculaire")),
        )),
        P("Pôle Neurosciences, tête et cou", (
            S("Neurologie", "neurologie", ("1310 neurologie 28 Hospitalisation de neurologie",
              "1311 unv 14s Unité neurovasculaire", "1312 cons_neuro 0 Consultations de neurologie")),
            S("Neurochirurgie", "neurochirurgie", ("1320 neurochirurgie 20 Hospitalisation de neurochirurgie",)),
            S("Ophtalmologie", "ophtalmologie", ("1330 cons_ophtalmo 0 Consultations d'ophtalmologie",)),
        )),
        P("Pôle Digestif et cancérologie", (
            S("Chirurgie digestive", "digestif", ("1410 chir_digestive 32 Hospitalisation de chirurgie digestive",
              "1411 cons_digestif 0 Consultations de chirurgie digestive")),
            S("Hépato-gastro-entérologie", "gastro", ("1420 gastro 26 Hospitalisation d'hépato-gastro-entérologie",
              "1421 cons_gastro 0 Consultations et endoscopies digestives")),
            S("Oncologie médicale", "oncologie", ("1430 oncologie 24s Hospitalisation d'oncologie",
              "1431 hdj_onco 20b Hôpital de jour d'oncologie", "1432 cons_onco 0 Consultations d'oncologie")),
            S("Soins palliatifs", "palliatif", ("1440 palliatif 12s Unité de soins palliatifs",)),
        )),
        P("Pôle Appareil locomoteur", (
            S("Chirurgie orthopédique et traumatologique", "orthopedie", ("1510 orthopedie 40 Hospitalisation d'orthopédie",
              "1511 cons_ortho 0 Consultations d'orthopédie")),
            S("Rhumatologie", "rhumatologie", ("1520 rhumato 18 Hospitalisation de rhumatologie",
              "1521 cons_rhumato 0 Consultations de rhumatologie")),
        )),
        P("Pôle Médecine", (
            S("Médecine interne", "interne", ("1610 medecine 30 Hospitalisation de médecine interne",
              "1611 cons_medecine 0 Consultations de médecine interne")),
            S("Endocrinologie, diabétologie et nutrition", "endocrino", ("1620 endocrino 20 Hospitalisation d'endocrinologie",
              "1621 hdj_endocrino 10b Hôpital de jour de diabétologie", "1622 cons_endo 0 Consultations de diabétologie")),
            S("Maladies infectieuses", "infectieux", ("1630 infectieux 20s Hospitalisation de maladies infectieuses",)),
            S("Néphrologie", "nephrologie", ("1640 nephro 24 Hospitalisation de néphrologie",
              "1641 hemodialyse_aigue 8b Hémodialyse aiguë", "1642 cons_nephro 0 Consultations de néphrologie")),
            S("Urologie", "urologie", ("1650 urologie 22 Hospitalisation d'urologie",
              "1651 cons_uro 0 Consultations d'urologie")),
            S("Gériatrie aiguë", "geriatrie", ("1660 geriatrie 28s Court séjour gériatrique",
              "1661 cons_geriatrie 0 Consultations de gériatrie")),
        )),
        P("Pôle médico-technique", (
            S("Biologie médicale", "biologie", ("1710 labo 0 Biochimie et hématologie", "1711 bacterio 0 Microbiologie")),
            S("Imagerie médicale", "radiologie", ("1720 imagerie 0 Radiologie, scanner et IRM",)),
            S("Anatomie et cytologie pathologiques", "anapath", ("1730 anapath 0 Anatomie et cytologie pathologiques",)),
            S("Pharmacie", "pharmacie", ("1740 pharmacie 0 Pharmacie à usage intérieur",)),
            S("Chirurgie ambulatoire", "anesthesie", ("1750 ambulatoire 20b Unité de chirurgie ambulatoire",)),
        )),
    )),
    HospitalPlan("adour", "Centre hospitalier de l'Adour (démonstration)", "CH Adour", "65286", (
        P("Pôle Urgences et chirurgie", (
            S("Urgences", "urgences", ("2110 urgences 14b Accueil des urgences",
              "2111 uhcd 8s Unité d'hospitalisation de courte durée", "2112 usc 8s Unité de surveillance continue")),
            S("Chirurgie", "digestif", ("2120 chir_digestive 24 Chirurgie viscérale", "2121 cons_digestif 0 Consultations de chirurgie",
              "2122 ambulatoire 12b Unité de chirurgie ambulatoire")),
            S("Orthopédie", "orthopedie", ("2125 orthopedie 22 Chirurgie orthopédique", "2126 cons_ortho 0 Consultations d'orthopédie")),
            S("Anesthésie et bloc opératoire", "anesthesie", ("2130 bloc 5b Bloc opératoire", "2131 sspi 6b Salle de réveil",
              "2132 cons_anesthesie 0 Consultations d'anesthésie")),
        )),
        P("Pôle Médecine et gériatrie", (
            S("Médecine polyvalente", "generale", ("2210 medecine 40 Médecine polyvalente",
              "2211 cons_medecine 0 Consultations de médecine")),
            S("Cardiologie", "cardiologie", ("2220 cardiologie 24 Hospitalisation de cardiologie",
              "2221 cons_cardio 0 Consultations de cardiologie")),
            S("Pneumologie et diabétologie", "pneumologie", ("2230 pneumologie 20 Hospitalisation de pneumologie",
              "2231 cons_pneumo 0 Consultations de pneumologie", "2232 cons_endo 0 Consultations de diabétologie")),
            S("Gériatrie", "geriatrie", ("2240 geriatrie 34s Court séjour gériatrique", "2241 ssr_geriatrie 36 Soins de suite gériatriques",
              "2242 cons_geriatrie 0 Consultations de gériatrie")),
        )),
        P("Pôle médico-technique", (
            S("Biologie médicale", "biologie", ("2310 labo 0 Laboratoire de biologie médicale",)),
            S("Imagerie médicale", "radiologie", ("2320 imagerie 0 Imagerie médicale",)),
            S("Pharmacie", "pharmacie", ("2330 pharmacie 0 Pharmacie à usage intérieur",)),
        )),
    )),
    HospitalPlan("lachapelle", "Hôpital Mère-Enfant Marie-Louise-Lachapelle (démonstration)", "HME Lachapelle", "65440", (
        P("Pôle Femme et périnatalité", (
            S("Obstétrique", "obstetrique", ("3110 naissance 9b Salle de naissance", "3111 maternite 44 Suites de couches",
              "3112 grossesse_risque 14s Grossesses à risque", "3113 cons_obstetrique 0 Consultations obstétricales",
              "3114 urg_gyneco 6b Urgences gynécologiques et obstétricales")),
            S("Gynécologie", "gynecologie", ("3120 gynecologie 18 Chirurgie gynécologique",
              "3121 cons_gyneco 0 Consultations de gynécologie")),
            S("Néonatologie", "neonatologie", ("3130 rea_neonat 10b Réanimation néonatale", "3131 neonat 18b Néonatologie")),
        )),
        P("Pôle Enfant", (
            S("Urgences pédiatriques", "pediatrie", ("3210 urg_pediatrie 12b Urgences pédiatriques",)),
            S("Pédiatrie", "pediatrie", ("3220 pediatrie 40s Pédiatrie générale", "3221 cons_pediatrie 0 Consultations de pédiatrie",
              "3222 usc_pediatrie 8s Surveillance continue pédiatrique")),
            S("Chirurgie pédiatrique", "chir_pediatrique", ("3230 chir_pediatrie 20s Chirurgie pédiatrique",
              "3231 cons_chir_pediatrie 0 Consultations de chirurgie pédiatrique")),
        )),
        P("Pôle médico-technique", (
            S("Anesthésie et bloc", "anesthesie", ("3310 bloc 5b Bloc obstétrical et pédiatrique", "3311 sspi 6b Salle de réveil",
              "3312 cons_anesthesie 0 Consultations d'anesthésie")),
            S("Imagerie de la femme et de l'enfant", "radiologie", ("3320 imagerie 0 Échographie et radiologie",)),
            S("Biologie médicale", "biologie", ("3330 labo 0 Laboratoire",)),
            S("Pharmacie", "pharmacie", ("3340 pharmacie 0 Pharmacie à usage intérieur",)),
        )),
    )),
    HospitalPlan("pussin", "Hôpital Jean-Baptiste-Pussin (démonstration)", "Hôpital Pussin", "65059", (
        P("Pôle Psychiatrie", (
            S("Psychiatrie adulte", "psychiatrie", ("4110 psychiatrie 28s Unité d'hospitalisation Esquirol",
              "4111 psychiatrie 28s Unité d'hospitalisation Camille-Claudel", "4112 psy_fermee 20s Unité de soins sans consentement",
              "4113 urg_psy 6s Accueil et orientation psychiatriques", "4114 cmp 0 Centre médico-psychologique",
              "4115 hdj_psy 16b Hôpital de jour")),
            S("Psychiatrie de l'adolescent", "pedopsychiatrie", ("4120 psy_ado 14s Unité pour adolescents",
              "4121 cmp_ado 0 Consultations pour adolescents")),
        )),
        P("Pôle Réadaptation", (
            S("Réadaptation locomotrice", "mpr", ("4210 ssr_locomoteur 44 Réadaptation de l'appareil locomoteur",
              "4211 cons_mpr 0 Consultations de médecine physique")),
            S("Réadaptation neurologique", "mpr", ("4220 ssr_neuro 36s Réadaptation neurologique",)),
            S("Réadaptation cardiaque et respiratoire", "mpr", ("4230 ssr_cardio 28 Réadaptation cardiaque et respiratoire",)),
            S("Soins de suite gériatriques", "geriatrie", ("4240 ssr_geriatrie 40 Soins de suite gériatriques",
              "4241 usld 50s Unité de soins de longue durée")),
        )),
        P("Pôle Dialyse", (
            S("Hémodialyse", "nephrologie", ("4310 dialyse 28b Centre d'hémodialyse", "4311 cons_nephro 0 Consultations de néphrologie")),
        )),
        P("Pôle médico-technique", (
            S("Imagerie médicale", "radiologie", ("4410 imagerie 0 Imagerie médicale",)),
            S("Biologie médicale", "biologie", ("4420 labo 0 Laboratoire",)),
            S("Pharmacie", "pharmacie", ("4430 pharmacie 0 Pharmacie à usage intérieur",)),
        )),
    )),
)  # fmt: skip
