import { Channel, IntervalKind, type Event, type Money, type ReactionInterval } from '@parley/contracts';

/** Prints what happens, as it happens. */
export interface Timeline {
  readonly step: (text: string) => void;
  readonly event: (event: Event) => void;
}

/** One line an event, as a gRPC subscriber gets them; progress without news is left out. */
export function createTimeline(print: (line: string) => void): Timeline {
  const startMs = performance.now();
  const at = () => `${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s`;
  return {
    step: (text) => print(`${at()}  ── ${text}`),
    event: (event) => {
      if (event.type === 'reaction.progress') return;
      const place = `${event.type} #${event.sequence}`;
      print(`${at()}     ${place.padEnd(32)} ${detail(event)}`.trimEnd());
    },
  };
}

function detail({ data }: Event): string {
  const event = data?.value.event;
  switch (event?.$case) {
    case 'instructionsFetched':
      return `${event.value.verbs.join(', ')} in ${event.value.durationMs} ms`;
    case 'verbStarted':
    case 'verbEnded':
      return [event.value.verb, 'outcome' in event.value ? event.value.outcome : ''].join(' ');
    case 'present':
      return `by ${channelName(event.value.channel)} since ${seconds(event.value.sinceMs)}`;
    case 'channelChanged':
      return `${channelName(event.value.from)} → ${channelName(event.value.to)} at ${seconds(event.value.atMs)}`;
    case 'absent':
      return `since ${seconds(event.value.sinceMs)}`;
    case 'charged':
      return `${seconds(event.value.fromMs)} to ${seconds(event.value.toMs)}: ${moneyText(event.value.amount)}`;
    case 'suspended':
    case 'resumed':
      return `at ${seconds(event.value.atMs)}`;
    case 'settled':
      return `${moneyText(event.value.total)} for ${seconds(event.value.chargedMs)}`;
    default:
      return data?.$case === 'reaction' ? data.value.intervals.map(intervalText).join(', ') : '';
  }
}

function intervalText({ fromMs, toMs, kind, channel }: ReactionInterval): string {
  const name = Object.keys(IntervalKind).find((key) => IntervalKind[key as keyof typeof IntervalKind] === kind);
  return `[${fromMs}, ${toMs}) ${name?.toLowerCase()} ${channelName(channel)}`.trimEnd();
}

function channelName(channel: Channel): string {
  const name = Object.keys(Channel).find((key) => Channel[key as keyof typeof Channel] === channel);
  return channel === Channel.UNSPECIFIED || name === undefined ? '' : name.toLowerCase();
}

/** Milliseconds as seconds, e.g. `1.5 s`. */
export function seconds(ms: bigint): string {
  return `${(Number(ms) / 1000).toFixed(1)} s`;
}

/** Exact, with the six digits of micro-units. */
export function moneyText(money: Money | undefined): string {
  if (money === undefined) return '';
  const digits = money.micros.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)} ${money.currency}`;
}
