export { routes } from './routes.ts';
export {
  checkWindow,
  controlsAt,
  hintsOf,
  refusing,
  sameHours,
  type CheckWindow,
  type ControlPlace,
} from './at.ts';
export { ControlFileError, insertControls, readControls, writeControls, type ControlFile } from './file.ts';
