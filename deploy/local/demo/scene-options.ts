import type { SceneOptions } from '@parley/examples';
import { type KeyFiles } from '../src/keys.ts';
import type { Platform } from '../src/platform.ts';
import type { Ports } from '../src/ports.ts';
import { mintToken, type TokenScope } from '../src/token.ts';

/** The scene against a system of this machine, all its replicas included. */
export function sceneOptions(platform: Platform, ports: Ports, keys: KeyFiles, account = 'acme'): SceneOptions {
  const grpc = (service: keyof Ports['services']) => ports.services[service].map((replica) => `127.0.0.1:${replica.grpc}`).join(',');
  return {
    targets: {
      callRouter: grpc('call-router'),
      recognition: grpc('recognition'),
      subscription: grpc('subscription'),
      billing: grpc('billing'),
      eventRouter: grpc('event-router'),
      eventRouterHttp: ports.services['event-router'].map(({ http }) => `http://127.0.0.1:${http}`).join(','),
      natsUrl: platform.natsUrl,
      appPort: ports.applicationServer,
      webhookPort: ports.webhookReceiver,
    },
    mintToken: ({ sub, scope }) => mintToken({ account, sub, scope: scope as TokenScope }, keys),
  };
}
