export * from './geo/city.ts';
export { createRandom, type Random } from './geo/random.ts';
export { ApiError, Client, UnreachableError, sleep, type ClientOptions, type Page } from './client.ts';
export { fillForm, type FillOptions, type FormSchema } from './fill.ts';
