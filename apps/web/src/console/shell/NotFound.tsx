import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Empty
      title={t('state.notFound')}
      hint={t('state.notFoundHint')}
      action={<Link to="/">{t('state.home')}</Link>}
    />
  );
}
