-- step create-target
-- purpose: make the target where it is missing
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: create_target: if_missing; a table that is there is not touched, and the next step checks it like any other
CREATE TABLE IF NOT EXISTS `made`.`ne\`w 'orders`
(
    `id` Int64,
    `day` Date32,
    `at` DateTime64(6, 'UTC'),
    `amount` Nullable(Decimal(18, 2)),
    `status` String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`day`)
ORDER BY (`id`, `day`)
