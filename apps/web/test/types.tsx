// What must not compile: `tsc` fails here as soon as one of these is accepted.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Translation } from '../src/shared/i18n/zh-CN.ts';
// The router's types are registered by its own file.
import '../src/console/router.tsx';

export function MustFail() {
  const { t } = useTranslation();
  return (
    <>
      {/* @ts-expect-error a path that no room has */}
      <Link to="/nowhere">x</Link>
      {/* @ts-expect-error a case page without its case */}
      <Link to="/cases/$caseId">x</Link>
      {/* @ts-expect-error a key that the catalogue does not have */}
      {t('state.nowhere')}
    </>
  );
}

// @ts-expect-error a language that lacks words
export const incomplete: Translation = { app: { name: 'x', claim: 'x' } };
