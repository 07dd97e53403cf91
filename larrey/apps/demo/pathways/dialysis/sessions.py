"""Three sessions a week, what they show, and those to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from larrey.apps.demo.pathways.dialysis.illness import Cause, Illness, dialyse
from larrey.apps.demo.stories import Leg, Stay, Story, french


def _days(s: Story, begin: date, end: date) -> Sequence[date]:
    """Monday, Wednesday, Friday, or Tuesday, Thursday, Saturday."""
    weekdays = s.pick((0, 2, 4), (1, 3, 5))
    return [day for number in range((end - begin).days + 1) if (day := begin + timedelta(days=number)).weekday() in weekdays]


def sessions(s: Story, cause: Cause, illness: Illness, begin: datetime, ill: Stay | None) -> None:
    centre = s.group.hospitals["pussin"]
    hour, minute = s.pick((7, 15), (12, 45), (7, 30), (13, 15))
    dose, number, month = 30, 0, begin.month
    flow = s.whole(29, 36) * 10
    for day in _days(s, begin.date() + timedelta(days=1), s.today):
        at = datetime.combine(day, time(hour, minute))
        if at > s.limit:
            break
        if ill is not None and ill.start - timedelta(hours=8) < at < ill.end + timedelta(hours=12):
            continue
        illness.at(at)
        stay = s.stay(
            "Z49.1", [Leg("dialyse", hours=4)], start=at, entry="planned", encounter_class="SS", hospital=centre,
            title="Séance d'hémodialyse",
        )  # fmt: skip
        number += 1
        faint = s.chance(0.05)
        gain = illness.gain() + (0.6 if day.weekday() < 2 else 0)
        stay.course(systolique=[(0, 146), (0.09, 88 if faint else 134), (0.16, 116 if faint else 128)])
        s.body.excess = illness.dry + gain
        stay.measure("poids", "pression", at=at + timedelta(minutes=6))
        if faint:
            stay.measure("pression", at=at + timedelta(minutes=130))
        monthly = day.month != month
        if monthly:
            month = day.month
            stay.course(uree=[(0, 24), (0.03, 24), (0.14, 7.2)], potassium=[(0, 5.4), (0.03, 5.4), (0.14, 3.7)],
                        creatinine=[(0, 690), (0.03, 690), (0.14, 270)],
                        bicarbonates=[(0, 21), (0.03, 21), (0.14, 27)])  # fmt: skip
            stay.labs("nfs", "iono", "renal", "phosphocalcique")
            if month % 3 == 1:
                stay.labs("pth", "fer", "albumine", "vitamine_d", "hepatique")
            stay.labs("iono", "renal", days=(0.13,))
        s.body.excess = illness.dry
        stay.measure("poids", "pression", at=at + timedelta(minutes=234))
        _treatment(stay, number, flow, faint=faint)
        if monthly:
            dose = _anaemia(s, stay, dose)
            if month % 3 == 1 and stay.ended:
                _summary(s, stay, cause, number)


def _treatment(stay: Stay, number: int, flow: int, *, faint: bool) -> None:
    weights = stay.all("poids")
    detail = f"Débit sanguin {flow} mL/min, dialysat à 2 mmol/L de potassium, ponction de la fistule à deux aiguilles."
    if len(weights) > 1:
        detail += f" Perte de poids de {french.number(weights[0].value - weights[-1].value)} kg."
    if faint:
        detail += " Hypotension à la deuxième heure, résolutive après arrêt de l'ultrafiltration et 200 mL de sérum salé."
    dialyse(stay, stay.start + timedelta(minutes=15), minutes=225, detail=detail)
    if number % 12 == 1:
        stay.prescribe("fer_iv", dose=100, every=24, days=1)


def _anaemia(s: Story, stay: Stay, dose: int) -> int:
    """The dose of darbepoetin follows the haemoglobin: target 10 to 12 g/dL."""
    drawn = stay.all("hemoglobine")
    if not drawn or not stay.ended:
        return dose
    wanted = 50 if drawn[0].value < 10 else 30 if drawn[0].value > 12 else dose
    if wanted != dose:
        s.stop(f"darbepoetine_{dose}", stay.end)
        stay.leave_with(f"darbepoetine_{wanted}", weekly=True)
    return wanted


def _summary(s: Story, stay: Stay, cause: Cause, number: int) -> None:
    w = s.w
    urea, potassium = stay.all("uree"), stay.all("potassium")
    weights = stay.all("poids")
    if len(urea) < 2 or len(weights) < 2:
        return
    haemoglobin = stay.first("hemoglobine")
    low = haemoglobin.value < 10
    stay.letter(
        kind="soins",
        reason=f"hémodialyse chronique pour {cause.said}, synthèse trimestrielle",
        examination=f"Poids avant la séance : {weights[0].figure}, après : {weights[-1].figure}. Pression artérielle au "
                    "branchement à "
                    f"{stay.pressure}. Fistule : thrill présent, pas de signe inflammatoire. Pas d'œdème en fin de séance.",
        course=(
            f"{number} séances depuis le début de la prise en charge au centre. "
            + s.pick(
                f"{w.She} tolère bien les séances, l'appétit est bon et la fatigue modérée le soir de la dialyse.",
                "Quelques crampes en fin de séance. Prises de poids entre les séances en règle générale raisonnables.",
                f"{w.The_patient} reste {w.either('active', 'actif')}, marche chaque jour, dort correctement.",
            )
            + f"\nÉpuration : urée à {urea[0].figure} avant la séance et à {urea[-1].figure} après. Potassium à "
              f"{potassium[0].figure} avant la "
            f"séance et à {potassium[-1].figure} après.\nAnémie : {haemoglobin.said}"
            + (", sous la cible : darbépoétine alfa au palier supérieur, recherche d'une carence et d'une inflammation." if low
               else ", au-dessus de la cible : darbépoétine alfa au palier inférieur." if haemoglobin.value > 12
               else ", dans la cible : darbépoétine alfa inchangée.")
            + f"\nBilan minéral et osseux : {stay.first('calcium').said}, {stay.first('phosphore').said}, "
              f"{stay.first('pth').said}."
        ),
        conclusion=s.pick(
            "Dialyse de qualité satisfaisante sur fistule native. Poids sec inchangé.",
            "Épuration satisfaisante. Rappel des consignes diététiques (potassium, phosphore, sel). Poids sec maintenu.",
        ),
    )  # fmt: skip


def to_come(s: Story) -> None:
    centre = s.group.hospitals["pussin"]
    held = [stay for stay in s.stays if stay.unit.kind == "dialyse"]
    if not held or not s.alive or s.present is not None:
        return
    weekdays = {stay.start.weekday() for stay in held[-6:]}
    hour = held[-1].start.timetz()
    doctor = held[-1].doctor
    for number in range(1, 13):
        day = s.today + timedelta(days=number)
        if day.weekday() in weekdays:
            s.appointment("dialyse", datetime.combine(day, hour), "séance d'hémodialyse", hospital=centre, minutes=240,
                          doctor=doctor, reason="Z49.1", booked=held[0].start)  # fmt: skip
    s.appointment(
        "cons_nephro", s.office(s.today + timedelta(days=s.whole(20, 80))), "consultation de néphrologie", hospital=centre
    )
    if s.age() < 70:
        s.appointment("cons_nephro", s.office(s.today + timedelta(days=s.whole(30, 120))),
            "consultation de prétransplantation rénale",
                      hospital=s.group.hospitals["chu"])  # fmt: skip
