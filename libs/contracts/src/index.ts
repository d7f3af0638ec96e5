export * from './generated/index.ts';
export { Timestamp } from './generated/google/protobuf/timestamp.ts';

/** The compiled proto files (a binary FileDescriptorSet), as gRPC reflection serves them. */
export const descriptorSetUrl = new URL('./generated/descriptor-set.binpb', import.meta.url);
