import { join } from 'node:path';
import { localRoot } from './repo-paths.ts';
import type { ModulePatch } from './module-patch.ts';

export type ToolName = 'nats-server' | 'mongowire' | 'grpcurl' | 'nats';

/** A program that is built from a Go module of its own, whose go.mod pins its version. */
export interface Tool {
  readonly name: string;
  /** The folder of the module: go.mod, go.sum, and sources if they are ours. */
  readonly moduleDir: string;
  /** The package to build, as `go build` takes it. */
  readonly package: string;
  readonly tags?: string;
  /** A dependency that is built from a changed copy. */
  readonly patch?: ModulePatch;
}

/**
 * FerretDB 1.24.2 looks a document up by `_id` with an expression (`sjson->'$._id'`) that is not the one its index is
 * on (`sjson->"_id"`), so that SQLite scans the table; and it does so only when `_id` is the filter's sole key. Both
 * are wrong for stores that read by id and write on condition. The rest of a filter is applied after the look-up
 * anyway. A file in Go's module cache cannot be overlaid, so a copy of the module is changed.
 */
const ferretdbById: ModulePatch = {
  module: 'github.com/FerretDB/FerretDB',
  replacements: [
    {
      file: 'internal/backends/sqlite/metadata/metadata.go',
      find: `IDColumn = DefaultColumn + "->'$._id'"`,
      replaceBy: `IDColumn = DefaultColumn + "->\\"_id\\""`,
      times: 1,
    },
    {
      file: 'internal/backends/sqlite/collection.go',
      find: 'if params.Filter.Len() == 1 {',
      replaceBy: 'if params.Filter.Len() > 0 {',
      times: 2, // the query and its explanation
    },
  ],
};

const pinned = (folder: string) => join(localRoot, 'tools', folder);

/** What `.tools/bin` holds. Each has a module of its own because their dependencies would move each other's versions. */
export const tools: Readonly<Record<ToolName, Tool>> = {
  'nats-server': {
    name: 'nats-server',
    moduleDir: pinned('nats-server'),
    package: 'github.com/nats-io/nats-server/v2',
  },
  mongowire: {
    name: 'mongowire',
    moduleDir: join(localRoot, 'mongowire'),
    package: '.',
    tags: 'ferretdb_no_postgresql',
    patch: ferretdbById,
  },
  grpcurl: {
    name: 'grpcurl',
    moduleDir: pinned('grpcurl'),
    package: 'github.com/fullstorydev/grpcurl/cmd/grpcurl',
  },
  nats: {
    name: 'nats',
    moduleDir: pinned('natscli'),
    package: 'github.com/nats-io/natscli/nats',
  },
};
