// Declares the streams and buckets, with the platform's credentials, before any service starts.
import { connectBus } from './connection.ts';
import { declareStreams } from './streams.ts';

const { NATS_URL, NATS_CREDS_FILE, NATS_REPLICAS } = process.env;
if (NATS_URL === undefined) throw new Error('NATS_URL is not set');
const bus = await connectBus({ url: NATS_URL, credsFile: NATS_CREDS_FILE ?? '', name: 'declare-streams' });
await declareStreams(bus.nc, bus.jsm, Number(NATS_REPLICAS ?? 1));
await bus.close();
