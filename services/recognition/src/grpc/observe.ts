import type { ObserveRequest, ObserveResponse } from '@parley/contracts';
import type { BidiHandler } from '@parley/grpc';
import { withoutTrace } from '@parley/telemetry';
import { observe, type ObservePorts } from '../usecases/observe.ts';
import { fromRequest, toResponse } from './convert.ts';
import { observationGrant } from './observation-grant.ts';

/** parley.recognition.v1.RecognitionService/Observe */
export function observeHandler(ports: ObservePorts): BidiHandler<ObserveRequest, ObserveResponse> {
  return (requests, stream) => {
    const grant = observationGrant(stream.identity);
    // A span for each of thousands of small writes would bury the call's trace; its events carry that trace themselves.
    return withoutTrace(() => observe(grant, converted(requests), (answer) => stream.send(toResponse(answer)), ports));
  };
}

async function* converted(requests: AsyncIterable<ObserveRequest>) {
  for await (const request of requests) yield fromRequest(request);
}
