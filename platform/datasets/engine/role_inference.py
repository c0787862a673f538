"""Which columns may name a person, protect one, order the rows in time, or identify a row."""

from __future__ import annotations

import re

import polars as pl

from datasets.choices import TEXT_TYPES, TIME_TYPES, ColumnType, Privacy, Role
from datasets.contracts import ColumnContract, Finding
from datasets.engine.findings import finding

IDENTITY_NAMES = re.compile(
    r"(full|first|last|sur|family|given|customer|client|user|applicant)[_. -]?name"
    r"|(cell|mobile)?[_. -]?phone([_. -]?(no|nr|num|number))?|mobile([_. -]?(no|nr|num|number))?"
    r"|e[_. -]?mail([_. -]?address)?|ssn|social[_. -]?security([_. -]?(no|number))?"
    r"|passport([_. -]?(no|number))?|id[_. -]?card([_. -]?(no|number))?|national[_. -]?id|iban"
    r"|card[_. -]?(no|number)|(street|home)?[_. -]?address"
    r"|姓名|客户姓名|手机|手机号|手机号码|电话|联系电话|身份证|身份证号|身份证号码|证件号码|邮箱|地址|家庭住址|银行卡号",
    re.IGNORECASE,
)
IDENTITY_VALUES = (
    r"^[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$",
    r"^(\+?86[- ]?)?1[3-9]\d{9}$",
    r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
)
PROTECTED_NAMES = re.compile(
    r"(.*[_. -])?(sex|gender|race|ethnic(ity)?|religion|nationality|marital([_. -]?status)?"
    r"|marriage|disability|foreign[_. -]?worker)|age|age[_. -].*|.*性别.*|.*民族.*|.*宗教.*|.*婚姻.*|年龄",
    re.IGNORECASE,
)
BIRTH_NAMES = re.compile(r".*(birth|dob|出生|生日).*", re.IGNORECASE)
ID_NAMES = re.compile(
    r"id|.*[_. -]id|.*Id|.*ID|index|row[_. -]?(no|nr|num|number)|unnamed:? ?\d*|column_1"
    r"|编号|序号|.*编号|.*单号",
)
VALUE_SHARE = 0.9
ID_ROWS = 50


def propose_roles(
    columns: list[ColumnContract], sample: list[pl.Series]
) -> tuple[list[ColumnContract], list[Finding]]:
    """Identity columns to be encrypted, row ids, the one time column; protected ones are named."""
    proposed: list[ColumnContract] = []
    findings: list[Finding] = []
    for column, series in zip(columns, sample, strict=True):
        if _is_identity(column, series):
            column = _with(column, privacy=Privacy.IDENTITY, role=Role.ID, **_as_text(column))
            findings.append(_proposal("identity_proposed", column, privacy="identity", role="id"))
        elif _is_row_id(column, series):
            column = _with(column, role=Role.ID)
        elif PROTECTED_NAMES.fullmatch(column.name):
            findings.append(_proposal("protected_suspected", column, role="protected"))
        proposed.append(column)
    moments = [
        index
        for index, column in enumerate(proposed)
        if column.type in TIME_TYPES and not BIRTH_NAMES.fullmatch(column.name)
    ]
    if len(moments) == 1:
        column = _with(proposed[moments[0]], role=Role.TIME)
        proposed[moments[0]] = column
        findings.append(_proposal("time_proposed", column, role="time"))
    return proposed, findings


def _proposal(code: str, column: ColumnContract, **proposal: str) -> Finding:
    return finding(code, column=column.name, proposal=proposal)


def _as_text(column: ColumnContract) -> dict[str, object]:
    return {"type": ColumnType.TEXT, "special_codes": {}, "text_codes": {}, "percent": False}


def _is_identity(column: ColumnContract, series: pl.Series) -> bool:
    if column.type not in (*TEXT_TYPES, ColumnType.INTEGER):
        return False
    if IDENTITY_NAMES.fullmatch(column.name.strip()):
        return series.n_unique() > 2
    values = series.cast(pl.String).drop_nulls().str.strip_chars().head(2_000)
    values = values.filter(values != "")
    if len(values) < 2:
        return False
    return any(
        float(values.str.contains(pattern).sum()) > VALUE_SHARE * len(values)
        for pattern in IDENTITY_VALUES
    )


def _is_row_id(column: ColumnContract, series: pl.Series) -> bool:
    if column.type is not ColumnType.INTEGER or not ID_NAMES.fullmatch(column.name.strip()):
        return False
    return len(series) >= ID_ROWS and series.n_unique() == len(series)


def _with(column: ColumnContract, **changes: object) -> ColumnContract:
    fields = {name: getattr(column, name) for name in column.__struct_fields__}
    return ColumnContract(**{**fields, **changes})
