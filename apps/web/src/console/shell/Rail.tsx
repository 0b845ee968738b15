import {
  AuditOutlined,
  BarChartOutlined,
  ControlOutlined,
  DatabaseOutlined,
  FileSearchOutlined,
  InboxOutlined,
  PlusSquareOutlined,
  ScheduleOutlined,
  SwapOutlined,
  TeamOutlined,
} from '@ant-design/icons';
import { Link } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../me.ts';
import { roomsOf, type Room } from '../rooms.ts';
import styles from './shell.module.css';

const icons: Record<Room['name'], ComponentType<{ 'aria-hidden': boolean }>> = {
  desk: InboxOutlined,
  report: PlusSquareOutlined,
  cases: FileSearchOutlined,
  statistics: BarChartOutlined,
  duty: ScheduleOutlined,
  rules: ControlOutlined,
  people: TeamOutlined,
  transfer: SwapOutlined,
  audit: AuditOutlined,
  backups: DatabaseOutlined,
};

export function Rail() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <nav className={styles.rail} aria-label={t('shell.rooms')}>
      {roomsOf(me).map((room) => {
        const Icon = icons[room.name];
        return (
          <Link
            key={room.name}
            to={room.to}
            className={styles.railLink}
            activeProps={{ 'data-active': true }}
          >
            <Icon aria-hidden />
            <span>{t(`room.${room.name}`)}</span>
          </Link>
        );
      })}
    </nav>
  );
}
