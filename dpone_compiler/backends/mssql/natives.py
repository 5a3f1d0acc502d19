"""Every type that a SQL Server catalog can show, and what it holds.

https://learn.microsoft.com/en-us/sql/t-sql/data-types/data-types-transact-sql
"""

from __future__ import annotations

from dpone_compiler.spi.backend import NativeType

NATIVES = tuple(
    NativeType(spelling, holds)
    for spelling, holds in (
        ("bit", "0 and 1"),
        ("tinyint", "0 to 255"),
        ("smallint", "-32768 to 32767"),
        ("int", "-2147483648 to 2147483647"),
        ("bigint", "-2^63 to 2^63-1"),
        ("decimal(10,2)", "8 digits before the point and 2 after it"),
        ("decimal(38,10)", "28 digits before the point and 10 after it"),
        ("money", "-922337203685477.5808 to 922337203685477.5807"),
        ("smallmoney", "-214748.3648 to 214748.3647"),
        ("real", "7 digits; no NaN, no infinity"),
        ("float", "15 digits; no NaN, no infinity"),
        ("char(20)", "20 bytes of a code page, filled with blanks"),
        ("varchar(20)", "20 bytes of a code page"),
        ("varchar(max)", "2 GB of a code page"),
        ("nchar(20)", "20 UTF-16 units, filled with blanks"),
        ("nvarchar(20)", "20 UTF-16 units"),
        ("nvarchar(max)", "2 GB of UTF-16"),
        ("text", "2 GB of a code page"),
        ("ntext", "2 GB of UTF-16"),
        ("binary(8)", "8 bytes, filled with zero bytes"),
        ("varbinary(20)", "20 bytes"),
        ("varbinary(max)", "2 GB"),
        ("image", "2 GB"),
        ("uniqueidentifier", "128 bits"),
        ("date", "0001-01-01 to 9999-12-31"),
        ("time(7)", "00:00:00 to 23:59:59.9999999"),
        ("smalldatetime", "1900-01-01 to 2079-06-06, minutes"),
        ("datetime", "1753-01-01 to 9999-12-31, 1/300 s"),
        ("datetime2(0)", "0001-01-01 to 9999-12-31, seconds"),
        ("datetime2(7)", "0001-01-01 to 9999-12-31, 100 ns"),
        ("datetimeoffset(7)", "the same with an offset"),
        ("rowversion", "a counter of the database"),
        ("xml", "2 GB"),
        ("sql_variant", "a value of most other types"),
        ("hierarchyid", "a place in a tree"),
        ("geography", "a shape on the earth"),
        ("geometry", "a shape in the plane"),
    )
)
