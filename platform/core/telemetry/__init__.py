"""What operators see of a running Panorama: logs without personal data, metrics, health."""
