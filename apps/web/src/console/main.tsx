import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { makeQueryClient } from '../shared/api/queries.ts';
import '../shared/base.css';
import { startI18n } from '../shared/i18n/index.ts';
import { startMode } from '../shared/mode.ts';
import { App } from './App.tsx';

startMode();
await startI18n();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={makeQueryClient()}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
