-- an unclosed string
SELECT N'abc FROM t;
