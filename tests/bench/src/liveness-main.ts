// Liveness: how often what is held before a camera passes for a person, and a person for that. Of people whom no threshold was chosen on.
import { attack, genuine, people, person, type Camera, type Person } from '@parley/picture-sequences';
import { observed, type Observed } from './liveness/observed.ts';
import { progress, report } from './report.ts';
import { percentile, type Goal, type Measured } from './result-row.ts';

const callMs = 60_000;
const windowMs = 10_000;
const everyMs = 500;
/** A device's clock is no metronome. */
const unsteadyMs = 40;
/** Of a policy that does not say otherwise. */
const livenessMs = 20_000;
const loopsMs = [2_000, 3_300, 4_700, 6_100, 7_300, 8_900, 10_000];

interface Kind {
  readonly name: string;
  readonly camera: (someone: Person, nth: number) => Camera;
  readonly isGenuine?: true;
  /** Of the windows, that pass if it is an attack, that do not if it is genuine. */
  readonly goal?: Goal;
}

const few: Goal = { atMost: 5 };
const kinds: readonly Kind[] = [
  ...(['still', 'moved', 'waved', 'flickering', 'jittered', 'frozen', 'empty'] as const).map((kind): Kind => ({ name: kind, camera: (someone, nth) => attack(kind, someone, 7_000 + nth), goal: few })),
  ...(['looped', 'replayed'] as const).map((kind): Kind => ({ name: kind, camera: (someone, nth) => attack(kind, someone, 8_000 + nth, loopsMs[nth % loopsMs.length]) })),
  { name: 'talking', camera: (someone, nth) => genuine(someone, 'talking', 9_000 + nth), isGenuine: true, goal: few },
  { name: 'listening', camera: (someone, nth) => genuine(someone, 'listening', 9_500 + nth), isGenuine: true },
];

const timesMs = Array.from({ length: callMs / everyMs }, (_, nth) => nth * everyMs + ((nth * 37) % unsteadyMs));

/** By calls: a sign is in the window, and nothing that was replayed. */
function passingWindows(call: readonly Observed[]): boolean[] {
  return Array.from({ length: callMs / windowMs }, (_, nth) => {
    const window = call.filter(({ atMs }) => Math.floor(atMs / windowMs) === nth);
    return window.some(({ sign }) => sign) && !window.some(({ replayed }) => replayed);
  });
}

/** What the policy counts: while it lives, and before that, if the first sign comes in time. */
function countedShare(call: readonly Observed[]): number {
  const first = call.findIndex(({ presence }) => presence === 'there');
  return call.filter(({ presence }, nth) => presence === 'there' || (presence === 'pending' && nth < first)).length / call.length;
}

/** The call's length if never. */
function firstMs(call: readonly Observed[], what: 'sign' | 'replayed'): number {
  return call.find((one) => one[what])?.atMs ?? callMs;
}

function percent(values: readonly boolean[]): number {
  return (100 * values.filter(Boolean).length) / values.length;
}

function rowsOf({ name, isGenuine, goal }: Kind, calls: readonly (readonly Observed[])[]): Measured[] {
  const passing = percent(calls.flatMap(passingWindows));
  const seconds = (what: 'sign' | 'replayed', share: number) => percentile(calls.map((call) => firstMs(call, what)), share) / 1_000;
  const [rate, value] = isGenuine ? ['rejected', 100 - passing] : ['accepted', passing];
  const counted = (100 * calls.reduce((sum, call) => sum + countedShare(call), 0)) / calls.length;
  return [
    { name: `${name}: windows of 10 s ${rate}`, unit: '%', values: [value], ...(goal && { goal }) },
    { name: `${name}: of a call of 60 s counts`, unit: '%', values: [counted] },
    ...(isGenuine ? ([['median', 0.5], ['p95', 0.95]] as const).map(([which, share]) => ({ name: `${name}: first sign after, ${which}`, unit: 's', values: [seconds('sign', share)] })) : []),
    ...(['frozen', 'looped', 'replayed'].includes(name) ? ([['median', 0.5], ['worst', 1]] as const).map(([which, share]) => ({ name: `${name}: found after, ${which}`, unit: 's', values: [seconds('replayed', share)] })) : []),
    ...(isGenuine ? [{ name: `${name}: observations taken for replayed`, unit: '%', values: [percent(calls.flat().map(({ replayed }) => replayed))] }] : []),
  ];
}

const rows: Measured[] = [];
const everybody = people.forMeasuring.map(person);
for (const kind of kinds) {
  const calls: Observed[][] = [];
  for (const [nth, someone] of everybody.entries()) {
    progress(`${kind.name}: person ${nth + 1} of ${everybody.length}`);
    calls.push(await observed(kind.camera(someone, nth), timesMs, livenessMs));
  }
  rows.push(...rowsOf(kind, calls));
}
report('liveness', rows);
