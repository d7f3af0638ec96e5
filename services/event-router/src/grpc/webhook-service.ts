import { WebhookServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { WebhookOperations } from '../webhook/webhook-operations.ts';
import { getDeadLetterHandler } from './get-dead-letter.ts';
import { getEndpointHandler } from './get-endpoint.ts';
import { listAttemptsHandler } from './list-attempts.ts';
import { listDeadLettersHandler } from './list-dead-letters.ts';
import { redriveDeadLetterHandler } from './redrive-dead-letter.ts';
import { redriveDeadLettersHandler } from './redrive-dead-letters.ts';
import { replayMissingHandler } from './replay-missing.ts';

/** parley.webhook.v1.WebhookService, for the account of the caller's token. Any replica answers. */
export function webhookService(ports: WebhookOperations): GrpcService {
  return grpcService(WebhookServiceService, {
    scope: 'api',
    handlers: {
      listAttempts: listAttemptsHandler(ports),
      listDeadLetters: listDeadLettersHandler(ports),
      getDeadLetter: getDeadLetterHandler(ports),
      redriveDeadLetter: redriveDeadLetterHandler(ports),
      redriveDeadLetters: redriveDeadLettersHandler(ports),
      replayMissing: replayMissingHandler(ports),
      getEndpoint: getEndpointHandler(ports),
    },
  });
}
