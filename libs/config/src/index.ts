export { defineConfig, exactlyOne, type ConfigDefinition, type ConfigOf, type Rule, type Variable, type Variables } from './config-definition.ts';
export { commonVariables, defineServiceConfig } from './service-config.ts';
export { decimal, flag, integer, list, oneOf, pattern, port, text, url, type ValueType } from './value-types.ts';
export { expectReadmeTable, readmeTable } from './readme-table.ts';
