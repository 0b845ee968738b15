export { routes } from './routes.ts';
export { assetByCode, assetById } from './service.ts';
export { assetWords } from './repo.ts';
