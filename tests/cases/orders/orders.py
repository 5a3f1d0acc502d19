"""The example of the contract, in Python."""

from dpone_compiler.dsl import col, day, load, mssql, postgres

(
    load("orders")
    .read(postgres("pg_oltp", "public.orders"))
    .where(col("status") != "draft")
    .into(mssql("mssql_dwh", "dbo.orders"), staging="staging")
    .key("order_id")
    .cursor("updated_at", lag="10 minutes")
    .partition_by(day("business_date"))
    .hint(rows=50_000_000, changed=0.20, deleted=0.05)
    .auto()
)
