import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <h1 className="visuallyHidden">{t('state.notFound')}</h1>
      <Empty
        title={t('state.notFound')}
        hint={t('state.notFoundHint')}
        action={<Link to="/">{t('state.home')}</Link>}
      />
    </>
  );
}
