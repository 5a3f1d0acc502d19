-- step add-columns
-- purpose: add the columns that the target lacks
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: schema_evolution: additive; staging and what is made beside the target take their form from it, and a lock that is waited for here holds no row of the load
ALTER TABLE `dwh`.`orders`
    ADD COLUMN IF NOT EXISTS `st'at;us $(id) \`x\` "y" ]z` Nullable(String),
    ADD COLUMN IF NOT EXISTS `a$dponec$\\ %s` Nullable(Decimal(18, 2))
