import { configureLogger } from '@parley/telemetry';
import { runService } from './index.ts';

// A process for lifecycle.int.spec.ts. The timer keeps it alive, as servers do for a real service.
const mode = process.argv[2];
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const forever = (): Promise<never> => new Promise(() => undefined);

configureLogger({ level: 'info' });
runService(
  async (scope) => {
    const alive = setInterval(() => undefined, 60_000);
    scope.onStop('first', () => {
      clearInterval(alive);
      say('first stopped');
    });
    scope.onStop('second', () => say('second stopped'));
    switch (mode) {
      case 'start-fails':
        throw new Error('no database');
      case 'rejection':
        void Promise.reject(new Error('nobody caught this'));
        break;
      case 'exception':
        setTimeout(() => {
          throw new Error('nobody caught this');
        });
        break;
      case 'hangs':
        scope.onStop('hanging', forever, { boundMs: 600_000 });
        break;
      case 'slow':
        scope.onStop('slow', () => {
          say('stopping slowly');
          return forever();
        });
        break;
      default:
    }
    scope.ready();
  },
  { shutdownMs: mode === 'hangs' ? 200 : 30_000 },
);
