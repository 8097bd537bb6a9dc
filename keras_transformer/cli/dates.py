"""Dates written in many ways and languages: data that needs no download."""

import datetime
import random

_MONTHS = {
    "English": "January February March April May June July August September "
    "October November December",
    "German": "Januar Februar März April Mai Juni Juli August September "
    "Oktober November Dezember",
    "French": "janvier février mars avril mai juin juillet août septembre "
    "octobre novembre décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre "
    "octubre noviembre diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto "
    "settembre ottobre novembre dicembre",
}
_DAYS = {
    "English": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "German": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "French": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "Spanish": "lunes martes miércoles jueves viernes sábado domingo",
    "Italian": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
}
_FORMS = {
    "English": (
        "{month} {day}, {year}",
        "the {nth} of {month}, {year}",
        "{weekday}, {day} {month} {year}",
        "{short} {day} {year}",
        "{weekday} the {nth} of {month} {year}",
    ),
    "German": (
        "{day}. {month} {year}",
        "{weekday}, den {day}. {month} {year}",
        "am {day}. {month} {year}",
        "{day}. {short} {year}",
        "{day}.{number}.{year}",
    ),
    "French": (
        "{day} {month} {year}",
        "le {day} {month} {year}",
        "{weekday} {day} {month} {year}",
        "le {weekday} {day} {month} {year}",
    ),
    "Spanish": (
        "{day} de {month} de {year}",
        "el {day} de {month} de {year}",
        "{weekday}, {day} de {month} de {year}",
        "{weekday} {day} de {month} del {year}",
    ),
    "Italian": (
        "{day} {month} {year}",
        "il {day} {month} {year}",
        "{weekday} {day} {month} {year}",
        "{weekday}, {day} {month} {year}",
    ),
}
LANGUAGES = tuple(_FORMS)


def write_date(date, language, form):
    """Write a date as people do.

    Args:
        date: A `datetime.date`.
        language: One of `LANGUAGES`.
        form: Which of the ways of that language, from 0.

    Returns:
        The date in words and numbers.
    """
    month = _MONTHS[language].split()[date.month - 1]
    return _FORMS[language][form].format(
        day=date.day,
        nth=f"{date.day}{_ending(date.day)}",
        month=month,
        number=date.month,
        short=month[:3],
        weekday=_DAYS[language].split()[date.weekday()],
        year=date.year,
    )


def written_dates(number, seed):
    """Write different random dates between 1900 and 2099.

    Args:
        number: How many.
        seed: Makes them the same each time.

    Returns:
        List of pairs: the written date and its ISO form, such as
        `"1998-05-03"`; no date occurs twice.
    """
    chosen = random.Random(seed)
    first = datetime.date(1900, 1, 1).toordinal()
    last = datetime.date(2099, 12, 31).toordinal()
    pairs = []
    for ordinal in chosen.sample(range(first, last + 1), number):
        language = chosen.choice(LANGUAGES)
        form = chosen.randrange(len(_FORMS[language]))
        date = datetime.date.fromordinal(ordinal)
        pairs.append((write_date(date, language, form), date.isoformat()))
    return pairs


def _ending(day):
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
