export { connectStore, type Store, type StoreOptions } from './connect-store.ts';
export { ensureIndexes, type IndexDeclaration } from './ensure-indexes.ts';
export { isDuplicateKey, storeErrors } from './store-error.ts';
export type { Draft, OutboxDocument } from './outbox-document.ts';
export { createOutboxRepository, type OutboxRepository, type OutboxRepositoryOptions } from './outbox-repository.ts';
