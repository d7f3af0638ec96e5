import { expect, test } from '@jest/globals';
import { callFaults, deliveryFaults, stages } from '@parley/examples';
import { startTestSystem } from './test-system.ts';

test('two replicas of each service side by side: the outcome is the same', async () => {
  const system = await startTestSystem(2);
  try {
    const scene = await system.prepareScene();
    try {
      const call = await scene.placeCall();
      await call.playVideo();
      await call.hangUp();
      await scene.delivered(call.callId);
      const events = scene.deliveries.grpc.filter(({ subject }) => subject === call.callId);
      expect(deliveryFaults(scene.deliveries, call.callId)).toEqual([]);
      expect(callFaults(events, await scene.receipt(call.callId))).toEqual([]);
      expect(stages(events)).toEqual(['face', 'voice', 'text', 'absent', 'face']);
    } finally {
      await scene.close();
    }
  } finally {
    await system.stop();
  }
}, 240_000);
