import { readFile } from 'node:fs/promises';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { descriptorSetUrl } from '@parley/contracts';

/**
 * What grpc-health-check would give has a map entry of a name that Go's clients refuse. Made by
 * `buf build node_modules/grpc-health-check/proto --as-file-descriptor-set --exclude-source-info -o <this file>`.
 */
const healthDescriptorSetUrl = new URL('./health-descriptor-set.binpb', import.meta.url);

/** Serves gRPC server reflection (v1 and v1alpha) for the named services, from the compiled proto files as they are. */
export async function addReflection(server: Server, serviceNames: readonly string[]): Promise<void> {
  const sets = await Promise.all([readFile(descriptorSetUrl), readFile(healthDescriptorSetUrl)]);
  const definition = { all: { fileDescriptorProtos: sets.flatMap(filesOf) } };
  const reflection = new ReflectionService(definition as unknown as ConstructorParameters<typeof ReflectionService>[0], {
    services: [...serviceNames, 'grpc.health.v1.Health'],
  });
  reflection.addToServer(server);
}

/** Field 1, `file`, of a google.protobuf.FileDescriptorSet. */
function filesOf(descriptorSet: Uint8Array): Buffer[] {
  const reader = new BinaryReader(descriptorSet);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) {
      files.push(Buffer.from(reader.bytes()));
    } else {
      reader.skip(wireType);
    }
  }
  return files;
}
