import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { openStream, useFrames } from '../../shared/api/stream.ts';
import { useMay, useMe } from '../me.ts';
import { Connection } from './Connection.tsx';
import { KeysHelp } from './KeysHelp.tsx';
import { Palette } from './Palette.tsx';
import { Rail } from './Rail.tsx';
import styles from './shell.module.css';
import { TopBar } from './TopBar.tsx';
import { typing } from './keys.ts';

/** The frame of every room: bar, rail, and what is open above them. */
export function Shell() {
  const { t } = useTranslation();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const me = useMe();
  const mayReport = useMay('report.create');
  const navigate = useNavigate();
  useLiveCases();
  useEffect(() => openStream(), [me.post.id]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette(true);
      } else if (event.key === '?' && !typing(event)) {
        setHelp(true);
      } else if (
        event.key === 'n' &&
        mayReport &&
        !typing(event) &&
        !document.querySelector('[data-sheet]')
      ) {
        event.preventDefault();
        void navigate({ to: '/report' });
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [mayReport, navigate]);

  const room = useLocation({ select: (location) => location.pathname.split('/')[1] });
  return (
    <div className={styles.shell}>
      <a href="#room" className={styles.skip}>
        {t('shell.skip')}
      </a>
      <TopBar onSearch={() => setPalette(true)} onHelp={() => setHelp(true)} />
      <Rail />
      <main id="room" className={styles.room} tabIndex={-1} data-room={room}>
        <Connection />
        <Outlet />
      </main>
      {palette && <Palette onClose={() => setPalette(false)} />}
      {help && <KeysHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

/** What the stream says changed is read again where it is on the screen. */
function useLiveCases(): void {
  const queries = useQueryClient();
  useFrames((frame) => {
    switch (frame.topic) {
      case 'case':
        void queries.invalidateQueries({ queryKey: ['case', frame.caseId] });
        break;
      case 'notice':
        void queries.invalidateQueries({ queryKey: ['notices'] });
        break;
      case 'reset':
        void queries.invalidateQueries({
          predicate: ({ queryKey: [first] }) =>
            first === 'case' || first === 'notices' || first === 'taskCounts',
        });
        break;
    }
  });
}
