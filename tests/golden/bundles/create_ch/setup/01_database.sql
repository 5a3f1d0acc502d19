-- dponec setup for load create_ch
-- database of the new target
-- run once by a DBA; `dponec run` never does it silently
CREATE DATABASE IF NOT EXISTS `made`
