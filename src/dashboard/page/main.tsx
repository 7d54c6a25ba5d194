import './style.css';
import { render } from 'preact';
import { Page } from './page.js';
import { followLinks } from './route.js';

followLinks();
const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
