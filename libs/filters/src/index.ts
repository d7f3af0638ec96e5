export { compileFilter, everyEvent, typePrefix, typePrefixes, type AttributeValues, type EventFilter, type FilteredAttributes, type FilterExpression } from './event-filter.ts';
export { fromEventFilterMessage, toEventFilterMessage, type EventFilterMessage } from './filter-message.ts';
export { invalidFilter, maxFilterValues, messageFieldNames, parseFilter, type FieldNames, type GivenFilter } from './parse-filter.ts';
