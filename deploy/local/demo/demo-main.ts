// Starts everything, plays one call through all services, prints it as it happens, and checks what came of it.
import { prepareScene, type Scene } from '@parley/examples';
import { ensureKeys } from '../src/keys.ts';
import { onInterrupt } from '../src/interrupt.ts';
import { describePlatform } from '../src/platform.ts';
import { standardPorts } from '../src/ports.ts';
import { streamProgress } from '../src/progress.ts';
import { reportFailure, SetupError } from '../src/setup-error.ts';
import { startSupervisor } from '../src/supervisor.ts';
import { ensureTools } from '../src/tools.ts';
import { demoFaults } from './demo-check.ts';
import { deliveryTable } from './delivery-table.ts';
import { receiptTable } from './receipt-table.ts';
import { sceneOptions } from './scene-options.ts';
import { createTimeline } from './timeline.ts';
import { whereToLook } from './where-to-look.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);

/** @returns the call's id. @throws SetupError with all that is not as it must be */
async function play(scene: Scene): Promise<string> {
  const call = await scene.placeCall();
  await call.playVideo();
  await call.hangUp();
  await scene.delivered(call.callId);
  const receipt = await scene.receipt(call.callId);
  print(`\n${deliveryTable(scene.deliveries, call.callId)}`);
  print(`\n${receiptTable(receipt)}`);
  const faults = await demoFaults(scene, call, receipt);
  if (faults.length > 0) throw new SetupError(`The demo found what must not be:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  return call.callId;
}

async function demo(): Promise<void> {
  const interrupt = onInterrupt();
  const progress = streamProgress();
  const ports = standardPorts();
  await ensureTools({ progress });
  const keys = await ensureKeys();
  const platform = await describePlatform({ ports, keys });
  const supervisor = await startSupervisor(platform.specs, { logDir: platform.logDir, progress, signal: interrupt.signal });
  try {
    const timeline = createTimeline(print);
    const scene = await prepareScene({ ...sceneOptions(platform, ports, keys), onEvent: timeline.event, onStep: timeline.step });
    const interrupted = interrupt.received.then(() => Promise.reject(new SetupError('interrupted')));
    let callId: string;
    try {
      callId = await Promise.race([play(scene), interrupted]);
    } finally {
      await scene.close();
    }
    print('\nAll checks hold: every event on every transport, one end per leg, and a bill that follows from the events.');
    print(`\n${whereToLook(platform, ports, callId)}\n`);
  } finally {
    await progress.step('stopping', () => supervisor.stop());
  }
}

try {
  await demo();
} catch (error) {
  reportFailure(error);
}
// A call that was given up leaves connections behind.
process.exit();
