import { ChargeReason, type Receipt } from '@parley/contracts';
import { callFaults, deliveryFaults, stages, type Device, type LiveCall, type Scene } from '@parley/examples';
import { createVoiceDetector, pcmFromBytes, segments } from '@parley/speech';

const scripted = 'face, voice, text, absent, face';

/** In words, everything of the scene that is not as it must be. */
export async function demoFaults(scene: Scene, call: LiveCall, receipt: Receipt): Promise<string[]> {
  const events = scene.deliveries.grpc.filter(({ subject }) => subject === call.callId);
  const seen = stages(events).join(', ');
  return [
    ...deliveryFaults(scene.deliveries, call.callId),
    ...callFaults(events, receipt),
    ...(seen === scripted ? [] : [`the cascade went ${seen}, not ${scripted}`]),
    ...(receipt.lines.some(({ reason }) => reason === ChargeReason.NOT_LIVE) ? [] : ['the receipt does not say that the photograph did not live']),
    ...(receipt.settled ? [] : ['the receipt is not settled']),
    ...(await silentDevices({ Alice: call.alice, Bob: call.bob })),
  ];
}

/** Whoever heard no voice: Alice should have heard the greeting and Bob, and Bob should have heard Alice. */
async function silentDevices(devices: Readonly<Record<string, Device>>): Promise<string[]> {
  const detector = createVoiceDetector();
  try {
    const faults: string[] = [];
    for (const [name, device] of Object.entries(devices)) {
      const heard = pcmFromBytes(Buffer.concat(device.heard));
      const voices = segments(await detector.openStream().push(heard));
      if (voices.length === 0) faults.push(`${name}'s device heard no voice`);
    }
    return faults;
  } finally {
    await detector.close();
  }
}
