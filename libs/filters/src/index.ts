export { compileFilter, everyEvent, typePrefix, typePrefixes, type EventFilter, type FilteredAttributes } from './event-filter.ts';
export { invalidFilter, maxFilterValues, messageFieldNames, parseFilter, type FieldNames } from './parse-filter.ts';
