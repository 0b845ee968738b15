// Runs one try-out beside the server: its arithmetic has a thread of its own, requests keep theirs.
import { parentPort, workerData } from 'node:worker_threads';
import { work, type Work } from './work.ts';

const port = parentPort;
// A port of a thread has no origin
// oxlint-disable-next-line unicorn/require-post-message-target-origin
if (port) await work(workerData as Work, (said) => port.postMessage(said));
