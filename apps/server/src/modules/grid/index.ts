export { routes } from './routes.ts';
export { rootRoutes } from './tile-routes.ts';
export { provideCaseScope, type CaseScope } from './case-scope.ts';
export { placeOf, placesOf, type Place } from './place.ts';
export { gridById, placeFactsAt } from './service.ts';
