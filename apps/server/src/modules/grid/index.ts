export { routes } from './routes.ts';
export { placeOf, type Place } from './place.ts';
export { gridById, placeFactsAt } from './service.ts';
