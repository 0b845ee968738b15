export { releaseClock, startDemo, type DemoOptions, type StartedDemo } from './start.ts';
export { moverOf, type Mover, type MoverOptions } from './mover.ts';
export { beatsOf } from './beats.ts';
