import { readFile } from 'node:fs/promises';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { descriptorSetUrl } from '@parley/contracts';
import { service as healthService } from 'grpc-health-check';

/** Serves gRPC server reflection (v1 and v1alpha) for the named services, from the compiled proto files as they are. */
export async function addReflection(server: Server, serviceNames: readonly string[]): Promise<void> {
  const files = filesOf(await readFile(descriptorSetUrl));
  const definition = { parley: { fileDescriptorProtos: files }, health: { fileDescriptorProtos: healthFiles() } };
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

function healthFiles(): Buffer[] {
  const [method] = Object.values(healthService);
  return method === undefined ? [] : method.requestType.fileDescriptorProtos;
}
