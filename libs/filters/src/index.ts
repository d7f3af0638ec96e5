export { everyEvent, type EventFilter, type FilteredEvent, type FilterExpression } from './event-filter.ts';
export { canonicalFilter } from './condition.ts';
export { compileFilter, type Passes } from './compile-filter.ts';
export { FilterIndex } from './filter-index.ts';
export { requiredClasses } from './required-classes.ts';
export { fromCheckedFilterMessage, fromEventFilterMessage, toEventFilterMessage } from './filter-message.ts';
export { invalidFilter, messageFieldNames, parseFilter, type FieldNames, type FilterVocabulary, type GivenFilter } from './parse-filter.ts';
export { parseFilterJson } from './parse-filter-json.ts';
