"""What is written when she dies, leaves intensive care, and goes home."""

from __future__ import annotations

from larrey.apps.demo.pathways.sepsis.focus import PNEUMONIA, PYELONEPHRITIS, Focus
from larrey.apps.demo.stories import Stay, french


def _entry_exam(stay: Stay, focus: Focus) -> str:
    return (
        f"PA {stay.pressure}, {stay.first('pouls').said}, {stay.first('temperature').said}, {stay.first('saturation').said}, "
        f"{stay.first('respiration').said}, score de Glasgow {stay.first('glasgow').value}/15. À l'examen : {focus.exam}."
    )


def _entry_biology(stay: Stay) -> str:
    keys = ("lactate", "crp", "procalcitonine", "leucocytes", "creatinine", "ph")
    return french.upper_first(french.listed(stay.first(key).said for key in keys)) + "."


def death(stay: Stay, focus: Focus) -> None:
    s = stay.story
    w = s.w
    stay.letter(
        reason=f"choc septique, {focus.name}",
        story=s.pick(*focus.histories),
        examination=_entry_exam(stay, focus),
        biology=f"{_entry_biology(stay)} {focus.cultures}",
        course=(
            "Malgré l'antibiothérapie précoce, le remplissage vasculaire, la ventilation mécanique, l'hémofiltration "
            "continue et des doses croissantes de "
            f"noradrénaline, l'évolution est celle d'une défaillance multiviscérale : {stay.last('lactate').said}, "
            f"{stay.last('creatinine').said} avec anurie, {stay.last('plaquettes').said}, {stay.last('tp').said}. Une limitation "
            "des thérapeutiques actives est décidée de façon collégiale et expliquée à la famille, qui la comprend. Les soins de "
            f"confort sont assurés. {w.The_patient} décède le {french.long_date(stay.end.date())} à {french.clock(stay.end)}, "
            f"entouré{w.e} de ses proches."
        ),
        conclusion=f"Décès au décours d'un choc septique réfractaire compliquant une {focus.name}.",
    )


def transfer_note(stay: Stay, focus: Focus, ventilated: float) -> None:
    """What intensive care tells the next unit."""
    move = next(move for move in stay.movements if move.unit.kind == "reanimation")
    if move.end > stay.story.limit:
        return
    w = stay.story.w

    def then(key: str) -> str:
        return [one for one in stay.all(key) if one.at <= move.end][-1].said

    stay.document(
        "transfert",
        [
            ("Motif du séjour en réanimation", f"Choc septique, {focus.name}."),
            ("Défaillances", (f"Respiratoire : ventilation mécanique pendant {int(ventilated)} jours. Hémodynamique : "
                             "noradrénaline "
             f"pendant trois jours. Rénale : créatinine maximale à {stay.peak('creatinine').figure}, diurèse conservée par "
             "la suite.")),
            ("État au transfert", (f"{w.The_patient} est {w.either('consciente', 'conscient')} et "
                                  f"{w.either('orientée', 'orienté')}, "
             f"ventilation spontanée sous oxygène nasal. {french.upper_first(then('temperature'))}, {then('saturation')}, "
             f"{then('crp')}, {then('creatinine')}, {then('plaquettes')}.")),
            ("Microbiologie", focus.cultures),
            ("Consignes", ("Poursuite de l'antibiothérapie, kinésithérapie respiratoire et motrice, ablation du cathéter "
                          "central avant "
             "le départ, surveillance de la fonction rénale, thromboprophylaxie.")),
        ],
        at=move.end, by=move.unit.doctors[0], unit=move.unit,
    )  # fmt: skip


def discharge(stay: Stay, focus: Focus, ventilated: float, *, frail: bool) -> None:
    s, w = stay.story, stay.story.w
    if focus is PNEUMONIA:
        stay.leave_with("amoxicilline", when="matin midi soir", days=3)
    else:
        stay.leave_with("ofloxacine", when="matin soir", days=5)
    stay.leave_with("paracetamol", when="matin midi soir", days=10, needed="douleur")
    stay.rendezvous("cons_pneumo" if focus is PNEUMONIA else "cons_medecine", 88, "consultation post-réanimation")
    nights = int(ventilated)
    added = ", associé à une injection d'amikacine" if focus is PYELONEPHRITIS else ""
    weaned = s.pick(
        f"L'amélioration hémodynamique permet l'arrêt de la noradrénaline au 3e jour ; {w.the_patient} est extubé{w.e} avec "
        "succès "
        f"après {nights} jours de ventilation.",
        f"Sevrage de la noradrénaline en trois jours. Extubation après {nights} jours de ventilation mécanique, relais par "
        "oxygène "
        "nasal, sans recours à la ventilation non invasive.",
    )
    weakness = (
        "Neuromyopathie de réanimation avec déficit proximal des quatre membres, marche possible avec déambulateur sur quelques "
        "mètres : un séjour de réadaptation est organisé."
        if frail
        else f"La marche est reprise avec le kinésithérapeute ; {w.she} est autonome pour les gestes de la vie quotidienne à "
        "la sortie."
    )
    stay.letter(
        reason=s.pick(f"choc septique sur {focus.name}", "choc septique avec défaillance respiratoire, hémodynamique et rénale"),
        story=s.pick(*focus.histories),
        examination=_entry_exam(stay, focus),
        biology=f"À l'admission : {french.lower_first(_entry_biology(stay))} {focus.cultures}",
        course=(
            f"Sur le plan hémodynamique : remplissage par Ringer lactate puis noradrénaline, hydrocortisone. Le lactate, à "
            f"{stay.first('lactate').figure} à l'entrée, est à {stay.last('lactate').figure} au dernier contrôle. {weaned}\n"
            f"Sur le plan rénal : insuffisance rénale aiguë fonctionnelle puis tubulaire, créatinine maximale à "
            f"{stay.peak('creatinine').figure}, sans recours à l'épuration extrarénale ; {stay.last('creatinine').said} à la "
            "sortie.\n"
            f"Sur le plan infectieux : céfotaxime dès la première heure après hémocultures"
            f"{added}, puis {focus.relay_said} selon "
            f"l'antibiogramme. La CRP passe de {stay.peak('crp').figure} à {stay.last('crp').figure}, la procalcitonine de "
            f"{stay.peak('procalcitonine').figure} à {stay.last('procalcitonine').figure}. Apyrexie à la sortie.\n"
            f"Sur le plan hématologique : thrombopénie à {stay.trough('plaquettes').figure} au plus bas, régressive "
            f"({stay.last('plaquettes').figure}).\n{weakness}"
        ),
        conclusion=s.pick(
            f"Choc septique compliquant une {focus.name}, d'évolution favorable après {nights} jours de ventilation mécanique.",
            f"{focus.name.capitalize().replace('escherichia', 'Escherichia')} avec choc septique et défaillances "
            "respiratoire et rénale, "
            "résolutives. Pas de séquelle d'organe à la sortie.",
        ),
    )  # fmt: skip
