// An application server, as a customer writes it: Express and the stock `twilio` package, nothing of Parley's.
import { createServer, type Server } from 'node:http';
import express, { type Express } from 'express';
import twilio from 'twilio';

export interface AppServerOptions {
  /** The application's signing key, from CreateApplication: what Twilio calls the AuthToken. */
  readonly signingKey: string;
  readonly greeting: string;
  /** Whom the call is put through to, e.g. `bob`. */
  readonly client: string;
}

/** What the server was asked for, in order. */
export interface AppRequest {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Greets the caller and dials a client. Requests without a valid X-Twilio-Signature are refused with 403 by the stock
 * middleware.
 */
export function createApp({ signingKey, greeting, client }: AppServerOptions, requests: AppRequest[] = []): Express {
  const app = express();
  app.use(express.urlencoded({ extended: false }), twilio.webhook(signingKey), (request, _response, next) => {
    requests.push({ path: request.path, parameters: { ...request.body } });
    next();
  });

  app.post('/voice', (_request, response) => {
    const twiml = new twilio.twiml.VoiceResponse();
    twiml.say(greeting);
    twiml.dial({ action: '/after-dial', timeout: 15 }).client(client);
    response.type('text/xml').send(twiml.toString());
  });

  app.post('/after-dial', (_request, response) => {
    const twiml = new twilio.twiml.VoiceResponse();
    twiml.hangup();
    response.type('text/xml').send(twiml.toString());
  });

  app.post('/status', (_request, response) => {
    response.sendStatus(204);
  });
  return app;
}

/** Serves the application on loopback; resolves once it listens. */
export async function serveApp(app: Express, port: number): Promise<Server> {
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
