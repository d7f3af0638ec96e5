// Parley's gRPC APIs with promises: what an internal team's client looks like.
import { credentials, Metadata, type CallOptions, type Client, type ServiceError } from '@grpc/grpc-js';
import { AccountSettingsServiceClient, ApplicationServiceClient, BillingServiceClient, CallServiceClient, SubscriptionServiceClient } from '@parley/contracts';

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** The requests of a client's unary methods, as promises. */
type Promised<C extends Client> = {
  [Name in Exclude<keyof C, keyof Client>]: C[Name] extends (
    request: infer Request,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: infer Response) => void,
  ) => unknown
    ? (request: Request) => Promise<Response>
    : never;
};

export interface ApiTargets {
  readonly callRouter: string;
  readonly subscription: string;
  readonly billing: string;
}

export interface Api {
  readonly applications: Promised<ApplicationServiceClient>;
  readonly calls: Promised<CallServiceClient>;
  readonly subscriptions: Promised<SubscriptionServiceClient>;
  readonly settings: Promised<AccountSettingsServiceClient>;
  readonly billing: Promised<BillingServiceClient>;
  close(): void;
}

const deadlineMs = 15_000;

/** @param token scope `api`; the account is the token's. */
export function connectApi(targets: ApiTargets, token: string): Api {
  const clients = {
    applications: new ApplicationServiceClient(first(targets.callRouter), credentials.createInsecure()),
    calls: new CallServiceClient(first(targets.callRouter), credentials.createInsecure()),
    subscriptions: new SubscriptionServiceClient(first(targets.subscription), credentials.createInsecure()),
    settings: new AccountSettingsServiceClient(first(targets.subscription), credentials.createInsecure()),
    billing: new BillingServiceClient(first(targets.billing), credentials.createInsecure()),
  };
  return {
    applications: promised(clients.applications, token),
    calls: promised(clients.calls, token),
    subscriptions: promised(clients.subscriptions, token),
    settings: promised(clients.settings, token),
    billing: promised(clients.billing, token),
    close: () => Object.values(clients).forEach((client) => client.close()),
  };
}

function first(targets: string): string {
  return targets.split(',')[0]!;
}

function promised<C extends Client>(client: C, token: string): Promised<C> {
  // A server that restarts is waited for, within the deadline: each request is idempotent.
  const metadata = new Metadata({ waitForReady: true });
  metadata.set('authorization', `Bearer ${token}`);
  return new Proxy({} as Promised<C>, {
    get: (_, name) => {
      const method = (client as unknown as Record<string | symbol, Unary<unknown, unknown>>)[name]!.bind(client);
      return (request: unknown) =>
        new Promise((resolve, reject) => {
          method(request, metadata, { deadline: Date.now() + deadlineMs }, (error, response) => {
            if (error === null) resolve(response);
            else reject(error);
          });
        });
    },
  });
}
