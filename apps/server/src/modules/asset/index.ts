export { routes } from './routes.ts';
export { assetByCode, assetById } from './service.ts';
