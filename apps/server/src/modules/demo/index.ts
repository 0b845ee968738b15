export { releaseClock, startDemo, type DemoOptions, type StartedDemo } from './start.ts';
export { ringUpTo, timersOf } from './ring.ts';
export { beatsOf } from './beats.ts';
