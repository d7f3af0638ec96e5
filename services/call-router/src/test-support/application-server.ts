import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import express, { type Request, type Response } from 'express';
import twilio from 'twilio';

type VoiceResponse = InstanceType<typeof twilio.twiml.VoiceResponse>;

export interface ApplicationRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** An application server as a customer has one: Express and the stock `twilio` package. */
export interface ApplicationServer {
  readonly url: string;
  readonly host: string;
  /** Requests that the stock middleware let pass, in order. */
  readonly requests: ApplicationRequest[];
  /** How often a request had no valid signature. */
  readonly refused: number;
  /** The application's signing key: what Twilio calls the AuthToken. */
  signingKey: string;
  /** What a path answers with: TwiML made with the stock builder. */
  twiml(path: string, build: (voice: VoiceResponse, parameters: Readonly<Record<string, string>>) => void): void;
  /** What a path does, for servers that misbehave. */
  on(path: string, handle: (request: Request, response: Response) => void): void;
}

/** Call it at the top of a spec. */
export function testApplicationServer(): ApplicationServer {
  const handlers = new Map<string, (request: Request, response: Response) => void>();
  const requests: ApplicationRequest[] = [];
  let server: Server;
  let refused = 0;
  const state = { signingKey: '' };

  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use((request, response, next) => {
    const checked = twilio.webhook(state.signingKey);
    response.once('finish', () => (refused += response.statusCode === 403 ? 1 : 0));
    checked(request, response, next);
  });
  app.use((request, response) => {
    const parameters = { ...(request.query as Record<string, string>), ...(request.body as Record<string, string> | undefined) };
    requests.push({ method: request.method, path: request.path, parameters });
    const handle = handlers.get(request.path);
    if (handle === undefined) response.sendStatus(404);
    else handle(request, response);
  });
  beforeAll(async () => {
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const host = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    requests,
    get url() {
      return `http://${host()}`;
    },
    get host() {
      return host();
    },
    get refused() {
      return refused;
    },
    get signingKey() {
      return state.signingKey;
    },
    set signingKey(key) {
      state.signingKey = key;
    },
    twiml: (path, build) => {
      handlers.set(path, (request, response) => {
        const voice = new twilio.twiml.VoiceResponse();
        build(voice, request.body as Record<string, string>);
        response.type('text/xml').send(voice.toString());
      });
    },
    on: (path, handle) => void handlers.set(path, handle),
  };
}
