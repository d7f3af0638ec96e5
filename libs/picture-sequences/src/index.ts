export { attack, attacks, type Attack } from './attacks.ts';
export { genuine, type Behaviour, type Camera } from './genuine.ts';
export { emptyRoom, people, person, type Person } from './people.ts';
export { encoded, type Picture, type Point } from './picture.ts';
