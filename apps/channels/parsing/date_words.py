"""Names of months in the languages that mailers put into Date, and of time zones."""

_NAMES = """
january jan januar jänner janner januari janvier janv enero ene gennaio gen janeiro leden ledna
  styczeń stycznia sty januára január январь января янв tammikuu ocak ianuarie
february feb febr februar feber februari février fevrier fév fev févr fevr febrero febbraio
  fevereiro únor února luty lutego lut február февраль февраля фев helmikuu şubat subat februarie
march mar märz marz mär mrz maart mrt mars marzo março marco březen března marzec marca március
  март марта мар maaliskuu mart martie
april apr avril avr abril abr aprile duben dubna kwiecień kwietnia kwi április апрель апреля апр
  huhtikuu nisan aprilie
may mai mei mayo maggio mag maio květen května maj maja május май мая toukokuu mayıs mayis
june jun juni juin junio giugno giu junho červen června czerwiec czerwca cze június июнь июня
  июн kesäkuu haziran iunie
july jul juli juillet juil julio luglio lug julho červenec července lipiec lipca lip július июль
  июля июл heinäkuu temmuz iulie
august aug août aout aoû aou augustus augusti agosto ago srpen srpna sierpień sierpnia sie
  augusztus август августа авг elokuu ağustos agustos
september sep sept septembre septiembre set settembre setembro září wrzesień września wrz
  szeptember сентябрь сентября сен syyskuu eylül eylul septembrie
october oct okt oktober octobre octubre ottobre ott outubro out říjen října październik
  października paź október октябрь октября окт lokakuu ekim octombrie
november nov novembre noviembre novembro listopad listopadu listopada lis ноябрь ноября ноя
  marraskuu kasım kasim noiembrie
december dec dez dezember décembre decembre déc diciembre dic dicembre dezembro prosinec
  prosince grudzień grudnia gru desember des декабрь декабря дек joulukuu aralık aralik decembrie
"""
_LINES = _NAMES.strip().replace("\n  ", " ").splitlines()  # one for each month
MONTHS = {name: number for number, line in enumerate(_LINES, 1) for name in line.split()}
# Minutes east of Greenwich; of the names with several meanings, the one that most mail means.
ZONES = {
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "WEST": 60,
    "BST": 60,
    "CET": 60,
    "MEZ": 60,
    "MET": 60,
    "CEST": 120,
    "MESZ": 120,
    "MEST": 120,
    "EET": 120,
    "SAST": 120,
    "EEST": 180,
    "MSK": 180,
    "TRT": 180,
    "MSD": 240,
    "PKT": 300,
    "IST": 330,
    "ICT": 420,
    "WIB": 420,
    "HKT": 480,
    "SGT": 480,
    "AWST": 480,
    "JST": 540,
    "KST": 540,
    "ACST": 570,
    "AEST": 600,
    "ACDT": 630,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "BRT": -180,
    "ART": -180,
    "NDT": -150,
    "NST": -210,
    "ADT": -180,
    "AST": -240,
    "CLT": -240,
    "EDT": -240,
    "EST": -300,
    "CDT": -300,
    "CST": -360,
    "MDT": -360,
    "MST": -420,
    "PDT": -420,
    "PST": -480,
    "AKDT": -480,
    "AKST": -540,
    "HST": -600,
}
