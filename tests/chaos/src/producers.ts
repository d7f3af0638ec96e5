import { connectBus, createPublisher, type Bus, type BusEvent, type EventClass, type Publisher } from '@parley/bus';
import { natsCredsFile, type ServiceName } from '@parley/local';

/** Who publishes a class, and may publish nothing else. */
const producerOf: Readonly<Record<EventClass, ServiceName>> = { call: 'call-router', reaction: 'recognition', billing: 'billing' };

/** The services that publish, two replicas of each, as far as the broker can tell. */
export interface Producers {
  /** Resolves once the stream has the event; tried again until then. */
  publish(event: BusEvent, replica: 0 | 1): Promise<void>;
  close(): Promise<void>;
}

export async function connectProducers(natsUrl: string): Promise<Producers> {
  const replicas = await Promise.all([connectReplica(natsUrl), connectReplica(natsUrl)]);
  return {
    publish: (event, replica) => replicas[replica].publishers[event.data.class].publish(event),
    close: async () => {
      const all = replicas.flatMap(({ publishers, buses }) => ({ publishers: Object.values(publishers), buses }));
      for (const { publishers } of all) for (const publisher of publishers) publisher.close();
      await Promise.all(all.flatMap(({ buses }) => buses.map((bus) => bus.nc.close())));
    },
  };
}

async function connectReplica(url: string): Promise<{ readonly publishers: Record<EventClass, Publisher>; readonly buses: readonly Bus[] }> {
  const buses: Bus[] = [];
  const publishers = {} as Record<EventClass, Publisher>;
  for (const [eventClass, user] of Object.entries(producerOf)) {
    const bus = await connectBus({ url, credsFile: natsCredsFile(user), name: `producer of ${eventClass}` });
    buses.push(bus);
    publishers[eventClass as EventClass] = createPublisher(bus);
  }
  return { publishers, buses };
}
